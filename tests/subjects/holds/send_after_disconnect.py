class Client:
    def __init__(self, connection):
        self.connection = connection

    def send(self, text):
        """True when it was sent."""
        connection = self.connection  # looked at once
        if connection is None:
            return False
        connection.write(text)
        return True

    def disconnect(self):
        self.connection = None
