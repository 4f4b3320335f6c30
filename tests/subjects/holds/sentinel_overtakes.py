import queue
import threading

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
            pages.task_done()

    pages.put(start)
    worker = threading.Thread(target=work)
    worker.start()
    pages.join()  # not when the queue is empty: when what was taken is done, too
    pages.put(None)
    worker.join()
    return visited
