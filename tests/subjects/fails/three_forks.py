import threading


class Philosopher(threading.Thread):
    def __init__(self, left, right):
        super().__init__()
        self.left = left
        self.right = right
        self.meals = 0

    def run(self):
        self.left.acquire()
        self.right.acquire()
        self.meals += 1
        self.right.release()
        self.left.release()


def dinner():
    forks = [threading.Lock() for _ in range(3)]
    table = [Philosopher(forks[seat], forks[(seat + 1) % 3]) for seat in range(3)]
    for philosopher in table:
        philosopher.start()
    for philosopher in table:
        philosopher.join()
    return [philosopher.meals for philosopher in table]
