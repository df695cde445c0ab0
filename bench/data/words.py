"""What products are called and what is said of them; the same for a number each time."""

import random
from collections.abc import Sequence

QUALITIES = (
    *("Light", "Warm", "Classic", "Modern", "Rustic", "Slim", "Wide", "Soft", "Sturdy", "Plain"),
    *("Striped", "Checked", "Quilted", "Woven", "Knitted", "Brushed", "Washed", "Raw", "Fine"),
)
MATERIALS = (
    *("Linen", "Cotton", "Wool", "Oak", "Walnut", "Steel", "Copper", "Stoneware", "Glass"),
    *("Leather", "Canvas", "Bamboo", "Cork", "Hemp", "Silk", "Enamel"),
)
NOUNS = (
    *("Shirt", "Blanket", "Mug", "Chair", "Lamp", "Bowl", "Apron", "Towel", "Jacket", "Bag"),
    *("Shelf", "Table", "Vase", "Cushion", "Scarf", "Socks", "Plate", "Kettle", "Rug", "Board"),
    *("Curtain", "Basket", "Mirror", "Clock", "Stool", "Tray", "Jug", "Hat", "Belt", "Frame"),
)
VENDORS = tuple(
    f"{name} {kind}"
    for name in ("North", "Harbour", "Mill", "Meadow", "Foundry")
    for kind in ("Works", "Studio", "& Sons", "House")
)
DEPARTMENTS = ("Clothing", "Kitchen", "Living", "Bedroom", "Garden", "Office", "Travel", "Bath")
SIZES = ("S", "M", "L", "XL")
COLOURS = ("Sand", "Slate", "Moss", "Rust")
_SENTENCES = (
    "Made in small numbers by people who have done it for years.",
    "Gets better with use and is easily repaired.",
    "A quiet piece for every day, from breakfast to the late evening.",
    "Washed once before it leaves the workshop, so that it stays as it is.",
    "Comes in a box of recycled card, without plastic.",
    "Our own favourite since the first catalogue.",
    "Holds what it promises: tested for ten thousand cycles.",
    "Goes well with everything else of the series.",
)


def title(number: int) -> str:
    """Distinct for as many numbers as anybody sells products."""
    quality, rest = number % len(QUALITIES), number // len(QUALITIES)
    material = MATERIALS[(number * 7 + rest) % len(MATERIALS)]
    noun = NOUNS[(number * 11 + rest // len(MATERIALS)) % len(NOUNS)]
    return f"{QUALITIES[quality]} {material} {noun} {number}"


def description(chance: random.Random) -> str:
    """A paragraph or two of HTML."""
    return "".join(f"<p>{' '.join(chance.sample(_SENTENCES, 3))}</p>" for _ in range(2))


def queries() -> Sequence[str]:
    """What people search for: words of few products and of many, one or two at a time."""
    return [f"{m} {n}".lower() for m, n in zip(MATERIALS, NOUNS[3:], strict=False)] + [
        noun.lower() for noun in NOUNS[:8]
    ]
