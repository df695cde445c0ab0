"""`make sbom`: the bill of materials in CycloneDX's JSON, made from the lock; `sbom.json`."""

import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from importlib import import_module
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from packageurl import PackageURL
from packaging.requirements import Requirement
from tools.checks.licences import installed, is_ours, licence_of, needed
from tools.checks.lock import LOCK, Locked, locked, normal

# The library makes its classes by decorators that no type checker sees through.
_MODEL: Any = import_module("cyclonedx.model")
_COMPONENT: Any = import_module("cyclonedx.model.component")
_BOM: Any = import_module("cyclonedx.model.bom")
_LICENCES: Any = import_module("cyclonedx.contrib.license.factories")
_JSON: Any = import_module("cyclonedx.output.json")


def bill(text: str, found: dict[str, Distribution], *, at: datetime) -> Any:
    """Every package of the lock; what is only for tests and tools is `excluded`."""
    ours = sorted(name for name in found if is_ours(name))
    shipped = needed(found, ours)
    root = _own("wareflow", "0.1.0", _COMPONENT.ComponentType.APPLICATION)
    members = {name: _own(name, found[name].version) for name in ours}
    others = {one: _other(one, found.get(one.name), shipped) for one in locked(text)}
    bom = _BOM.Bom(
        components=[*members.values(), *others.values()],
        serial_number=uuid5(NAMESPACE_URL, f"wareflow {sha256(text.encode()).hexdigest()}"),
    )
    bom.metadata.component = root
    bom.metadata.timestamp = at
    bom.register_dependency(root, members.values())
    known = {one.name: component for one, component in others.items()} | members
    for name, component in known.items():
        if name in found:
            bom.register_dependency(component, _needs(found[name], known))
    return bom


def _own(name: str, version: str, kind: Any = _COMPONENT.ComponentType.LIBRARY) -> Any:
    return _COMPONENT.Component(name=name, version=version, type=kind, bom_ref=f"{name}@{version}")


def _other(one: Locked, package: Distribution | None, shipped: set[str]) -> Any:
    purl = PackageURL("pypi", name=one.name, version=one.version)
    sha, scopes = _MODEL.HashAlgorithm.SHA_256, _COMPONENT.ComponentScope
    files = _MODEL.ExternalReference(
        type=_MODEL.ExternalReferenceType.DISTRIBUTION,
        url=_MODEL.XsUri(str(purl)),
        comment="one hash of each file of this release",
        hashes=[_MODEL.HashType(alg=sha, content=content) for content in one.hashes],
    )
    licence = licence_of(package) if package else ""
    marker = [_MODEL.Property(name="wareflow:marker", value=one.marker)] if one.marker else []
    return _COMPONENT.Component(
        name=one.name,
        version=one.version,
        bom_ref=f"{purl}{f' ; {one.marker}' if one.marker else ''}",
        purl=purl,
        scope=scopes.REQUIRED if one.name in shipped else scopes.EXCLUDED,
        licenses=[_LICENCES.LicenseFactory().make_from_string(licence)] if licence else [],
        external_references=[files],
        properties=marker,
    )


def _needs(package: Distribution, known: dict[str, Any]) -> Iterable[Any]:
    for line in package.requires or ():
        wanted = Requirement(line)
        component = known.get(normal(wanted.name))
        if component and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            yield component


def as_json(made: Any) -> str:
    """The bill as text."""
    text: str = _JSON.JsonV1Dot6(made).output_as_string(indent=1)
    return text + "\n"


def main() -> None:
    """Write the file that is named, or `sbom.json`."""
    to = Path(sys.argv[1] if len(sys.argv) > 1 else "sbom.json")
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    at = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    made = bill(LOCK.read_text(), installed(), at=at)
    _ = to.write_text(as_json(made))
    print(f"{to}: {len(made.components)} components")


if __name__ == "__main__":
    main()
