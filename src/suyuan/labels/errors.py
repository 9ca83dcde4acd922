"""The error of this room: labels that cannot be printed as asked."""

from suyuan.kernel import SuyuanError


class LabelError(SuyuanError):
    """No label was released."""
