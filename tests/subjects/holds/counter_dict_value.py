import threading

counts = {}
counts_lock = threading.Lock()


def count_words(text):
    for word in text.split():
        with counts_lock:
            counts[word] = counts.get(word, 0) + 1
