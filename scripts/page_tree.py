"""The report page as a tree: what scripts/check_figures.py compares."""

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Element:
    """An element with its attributes, and its children: elements and texts."""

    def __init__(self, name, attributes, parent):
        self.name, self.attributes, self.parent = name, dict(attributes), parent
        self.children = []

    def all(self, name, **attributes):
        """The elements below with this name, in order, and with these attributes (`class_` for class)."""
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if child.name == name and all(child.attributes.get(key) == value for key, value in wanted.items()):
                    found.append(child)
                found += child.all(name, **attributes)
        return found

    def one(self, name, **attributes):
        return next(iter(self.all(name, **attributes)), None)

    @property
    def text(self):
        return "".join(child.text if isinstance(child, Element) else child for child in self.children)

    def texts(self):
        """Every text below, with the element that it is in."""
        for child in self.children:
            if isinstance(child, Element):
                yield from child.texts()
            else:
                yield child, self

    def ancestors(self):
        element = self
        while element is not None:
            yield element
            element = element.parent

    def get(self, name):
        return self.attributes.get(name)


class Builder(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = self.at = Element("", [], None)

    def handle_starttag(self, tag, attrs):
        element = Element(tag, attrs, self.at)
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_startendtag(self, tag, attrs):
        self.at.children.append(Element(tag, attrs, self.at))

    def handle_endtag(self, tag):
        if tag != self.at.name:
            raise ValueError(f"</{tag}> ends <{self.at.name}>")
        self.at = self.at.parent

    def handle_data(self, data):
        self.at.children.append(data)


def parse(html):
    """The page. Fails if an element is not closed where it has to be."""
    builder = Builder()
    builder.feed(html)
    builder.close()
    if builder.at is not builder.root:
        raise ValueError(f"<{builder.at.name}> is not closed")
    return builder.root


class Cell:
    """A text, and its exact value if it is a figure."""

    def __init__(self, text, value):
        self.text, self.value = text, value

    @classmethod
    def of(cls, element):
        data = element if element.name == "data" else element.one("data")
        return cls(element.text, data.get("value") if data else None)

    def __repr__(self):
        return f"{self.text!r}={self.value}"


class Table:
    """A table of the page: heads, and rows of cells; all others and the total have a row of their own."""

    def __init__(self, element):
        self.caption = element.one("caption").text
        heads = element.one("thead").all("th")
        self.heads = [head.text for head in heads]
        self.n_names = sum(1 for head in heads if head.get("class") != "n")
        body = element.one("tbody").all("tr")
        cells = lambda row: [Cell.of(cell) for cell in row.all("td")]
        self.rows = [cells(row) for row in body if row.get("class") != "others"]
        self.others = next((cells(row) for row in body if row.get("class") == "others"), None)
        self.total = cells(element.one("tfoot").one("tr"))

    def names(self, row):
        return tuple(cell.text for cell in row[:self.n_names])

    def row(self, *names):
        return next((row for row in self.rows if self.names(row) == names), None)

    def cell(self, row, head):
        return row[self.heads.index(head)]


class Mark:
    """A shape with its tooltip and value."""

    def __init__(self, element, kind):
        title = element.one("title")
        self.element, self.kind = element, kind
        self.title = title.text if title else None
        self.value = element.get("data-value")

    def number(self, name):
        return float(self.element.get(name))


class Drawing:
    """A figure of the page: shapes that show data, texts, and names of the legend by class."""

    def __init__(self, element):
        caption = element.one("figcaption")
        self.caption = caption.text if caption else ""
        svg = element.one("svg")
        self.label = svg.get("aria-label")
        groups = [group for group in svg.all("g") if group.get("class")]
        self.marks = [Mark(shape, group.get("class")) for group in groups
                      for shape in group.all("rect") + group.all("path")]
        self.texts = svg.all("text")
        legend = element.one("ul")
        self.legend = [item.text for item in legend.all("li")] if legend else []
