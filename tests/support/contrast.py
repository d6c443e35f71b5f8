"""How well colours can be told apart."""


def channels(colour):
    """Of "rgb(1, 2, 3)", as browsers compute colours."""
    return [int(part) for part in colour[colour.index("(") + 1:-1].split(",")[:3]]


def contrast(first, second):
    """As WCAG 2 defines it, 1 to 21."""
    def luminance(colour):
        parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels(colour)]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)
