class Cache:
    def __init__(self):
        self.pages = {}

    def store(self, url, page):
        self.pages[url] = page

    def look_up(self, url):
        return self.pages.get(url)  # looks and takes in one step

    def evict(self, url):
        self.pages.pop(url, None)
