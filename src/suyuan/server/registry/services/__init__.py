"""Enter companies, sites, vendor codes and filings into the register; one verb each, and each in bulk."""

from suyuan.server.registry.services.companies import (
    CompanyEntry,
    SiteEntry,
    register_companies,
    register_company,
    register_site,
    register_sites,
)
from suyuan.server.registry.services.filings import file_code, import_filings, load_vendor_codes
from suyuan.server.registry.services.sieve import Imported

__all__ = [
    "CompanyEntry",
    "Imported",
    "SiteEntry",
    "file_code",
    "import_filings",
    "load_vendor_codes",
    "register_companies",
    "register_company",
    "register_site",
    "register_sites",
]
