class Cache:
    def __init__(self):
        self.pages = {}

    def store(self, url, page):
        self.pages[url] = page

    def look_up(self, url):
        if url in self.pages:
            return self.pages[url]
        return None

    def evict(self, url):
        self.pages.pop(url, None)
