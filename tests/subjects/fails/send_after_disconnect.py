class Client:
    def __init__(self, connection):
        self.connection = connection

    def send(self, text):
        """True when it was sent."""
        if self.connection is not None:
            self.connection.write(text)
            return True
        return False

    def disconnect(self):
        self.connection = None
