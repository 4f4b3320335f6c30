import threading


class Stock:
    def __init__(self):
        self.lock = threading.Lock()
        self.pieces = 10
        self.carts = []

    def reserve(self, count):
        with self.lock:
            self.pieces -= count

    def recount(self):
        """Pieces in the store and in all carts."""
        with self.lock:
            return self.pieces + sum(cart.size() for cart in self.carts)


class Cart:
    def __init__(self, stock):
        self.lock = threading.Lock()
        self.stock = stock
        self.pieces = 0
        stock.carts.append(self)

    def size(self):
        with self.lock:
            return self.pieces

    def add(self, count):
        with self.lock:
            self.stock.reserve(count)
            self.pieces += count
