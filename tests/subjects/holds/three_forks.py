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
    # the last one is left-handed: everybody takes the fork of the lower number first
    table = [Philosopher(forks[0], forks[1]), Philosopher(forks[1], forks[2]), Philosopher(forks[0], forks[2])]
    for philosopher in table:
        philosopher.start()
    for philosopher in table:
        philosopher.join()
    return [philosopher.meals for philosopher in table]
