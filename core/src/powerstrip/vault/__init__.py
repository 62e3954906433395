"""What is secret: the master key, the key ring, sealed boxes, credentials, and the search for plaintext secrets."""

from powerstrip.vault.box import Place, SealBroken
from powerstrip.vault.credentials import Purpose, SealedCredential
from powerstrip.vault.detect import Found, find_secrets
from powerstrip.vault.master import MasterKey, MasterKeyError, load_master
from powerstrip.vault.vault import Sealed, Vault

__all__ = [
    "Found",
    "MasterKey",
    "MasterKeyError",
    "Place",
    "Purpose",
    "SealBroken",
    "Sealed",
    "SealedCredential",
    "Vault",
    "find_secrets",
    "load_master",
]
