class Account:
    def __init__(self, balance):
        self._balance = balance
        self.history = []

    @property
    def balance(self):
        return self._balance

    @balance.setter
    def balance(self, amount):
        if amount < 0:
            raise ValueError("an account cannot be overdrawn")
        self._balance = amount

    def deposit(self, amount):
        self.balance = self.balance + amount
        self.history.append(amount)
