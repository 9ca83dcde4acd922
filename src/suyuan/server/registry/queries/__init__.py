"""What the register knows, each answer inside a scope and with one query whatever its size."""

from suyuan.server.registry.queries.register import (
    COMPANY,
    SITE,
    Condition,
    by_uscc,
    code_and_roles,
    companies,
    company_number,
    filings,
    provinces,
    site_numbers,
    sites,
    vendors,
    visible_companies,
    visible_sites,
)

__all__ = [
    "COMPANY",
    "SITE",
    "Condition",
    "by_uscc",
    "code_and_roles",
    "companies",
    "company_number",
    "filings",
    "provinces",
    "site_numbers",
    "sites",
    "vendors",
    "visible_companies",
    "visible_sites",
]
