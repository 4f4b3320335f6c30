import itertools
import threading

_numbers = itertools.count()


class Account:
    def __init__(self, balance):
        self.number = next(_numbers)
        self.balance = balance
        self.lock = threading.Lock()


def transfer(source, target, amount):
    first, second = sorted((source, target), key=lambda account: account.number)
    with first.lock, second.lock:
        source.balance -= amount
        target.balance += amount
