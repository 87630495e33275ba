"""Names that would do a question's work for the student, for ``Question.off_limits``."""

__all__ = ["AUTOGRAD", "LINEAR", "RELU", "SIGMOID"]

AUTOGRAD = ("torch.autograd", "torch.tensor", "torch.from_numpy", "dlcourse.numpy.Tensor", "dlcourse.numpy.tensor")
LINEAR = ("torch.nn", "dlcourse.torch.nn", "dlcourse.numpy.nn", "dlcourse.numpy.functional")
RELU = ("torch.relu", "torch.nn.functional.relu", "dlcourse.numpy.functional.relu", "dlcourse.torch.functional.relu")
SIGMOID = (
    "torch.sigmoid",
    "torch.nn.functional.sigmoid",
    "dlcourse.numpy.functional.sigmoid",
    "dlcourse.torch.functional.sigmoid",
)
