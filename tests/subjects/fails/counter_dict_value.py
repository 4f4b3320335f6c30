counts = {}


def count_words(text):
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
