import threading


class Account:
    def __init__(self, balance):
        self._balance = balance
        self._lock = threading.RLock()
        self.history = []

    @property
    def balance(self):
        with self._lock:
            return self._balance

    @balance.setter
    def balance(self, amount):
        with self._lock:
            if amount < 0:
                raise ValueError("an account cannot be overdrawn")
            self._balance = amount

    def deposit(self, amount):
        with self._lock:
            self.balance = self.balance + amount
            self.history.append(amount)
