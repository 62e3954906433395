"""What is secret: the master key, the key ring, sealed boxes, credentials, and the search for plaintext secrets."""

from powerstrip.vault.backends import Backends, WayFor
from powerstrip.vault.box import Place, SealBroken
from powerstrip.vault.credentials import Purpose, SealedCredential, Use
from powerstrip.vault.data_rotation import DataRotation, DataStatus, Progress
from powerstrip.vault.detect import Found, find_secrets
from powerstrip.vault.jobs import Job, RotationJobs, Step
from powerstrip.vault.jws import BadKey
from powerstrip.vault.jws import sign as sign_jwt
from powerstrip.vault.master import MasterKey, MasterKeyError, Masters, load_master, load_masters
from powerstrip.vault.master_rotation import MasterRotation, MasterStatus
from powerstrip.vault.public_keys import (
    BadPublicKey,
    Certificate,
    PublicKey,
    read_certificate,
    read_ed25519,
    read_jwk,
    read_public_key,
)
from powerstrip.vault.ring import HUB
from powerstrip.vault.sealed import SealedColumn, register, sealed_columns
from powerstrip.vault.secrets import ProjectSecrets, SecretUse
from powerstrip.vault.vault import Sealed, Vault

__all__ = [
    "HUB",
    "Backends",
    "BadKey",
    "BadPublicKey",
    "Certificate",
    "DataRotation",
    "DataStatus",
    "Found",
    "Job",
    "MasterKey",
    "MasterKeyError",
    "MasterRotation",
    "MasterStatus",
    "Masters",
    "Place",
    "Progress",
    "ProjectSecrets",
    "PublicKey",
    "Purpose",
    "RotationJobs",
    "SealBroken",
    "Sealed",
    "SealedColumn",
    "SealedCredential",
    "SecretUse",
    "Step",
    "Use",
    "Vault",
    "WayFor",
    "find_secrets",
    "load_master",
    "load_masters",
    "read_certificate",
    "read_ed25519",
    "read_jwk",
    "read_public_key",
    "register",
    "sealed_columns",
    "sign_jwt",
]
