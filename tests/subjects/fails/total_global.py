PRICES = {"tea": 2, "cake": 4, "soup": 5}

total = 0


def price_of(item):
    return PRICES[item]


def sell(items):
    global total
    for item in items:
        total += price_of(item)
