import queue
import threading
import time

LINKS = {"index": ["news", "about"], "news": [], "about": []}


def crawl(start):
    """Every page that can be reached."""
    pages = queue.Queue()
    visited = []

    def work():
        while True:
            page = pages.get()
            if page is None:
                return
            visited.append(page)
            for link in LINKS[page]:
                pages.put(link)

    pages.put(start)
    worker = threading.Thread(target=work)
    worker.start()
    while not pages.empty():
        time.sleep(0.01)
    pages.put(None)
    worker.join()
    return visited
