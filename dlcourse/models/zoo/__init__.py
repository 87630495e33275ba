"""The model zoo: small networks that already know glyphs, loaded by name and checked by hash.

    from dlcourse.models import zoo

    model = zoo.load("glyph_resnet", classes=10)        # pretrained body, new head
    zoo.card("glyph_resnet")                            # what it was trained on, how well, with which seed

`dlcourse zoo train` makes the weights again. :func:`load_imagenet` puts published ImageNet weights
into the ResNets of this package. Importing the zoo loads no torch.
"""

from dlcourse.models.zoo.card import Card
from dlcourse.models.zoo.loading import FOLDER, card, load, names
from dlcourse.models.zoo.published import IMAGENET, IMAGENET_MEAN, IMAGENET_STD, load_imagenet
from dlcourse.models.zoo.recipes import RECIPES, Recipe, held_out
from dlcourse.models.zoo.training import pretrain, save

__all__ = [
    "Card",
    "FOLDER",
    "IMAGENET",
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "RECIPES",
    "Recipe",
    "card",
    "held_out",
    "load",
    "load_imagenet",
    "names",
    "pretrain",
    "save",
]
