"""Names that writing puts into a workbook and reading looks for."""

IDENTITY_SHEET = "_suyuan"
"""Hidden worksheet with the kind and the version of the template."""

NOTES_SHEET = "填报说明 Notes"
"""Worksheet that explains the columns."""

CHOICES_SHEET = "选项 Choices"
"""Hidden worksheet with the values of drop-down lists."""

RESULT_HEADING = ("检查结果", "check result")
"""Heading of the column of remarks that templates and lists of refused rows start with."""

EXAMPLE_REMARK = "示例行,不读取 Example, not read"
"""Remark of the example row."""

EXAMPLE_MARKS = ("示例", "Example", "example")
"""A row whose remark begins with one of these is an example and not read."""
