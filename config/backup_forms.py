"""Forms of the backup's variables: patterns alone, since ops/ reads them where the application's packages are not installed."""

import re

COMPRESSION = re.compile(r"none|gzip(:[1-9])?|zstd(:([1-9]|1[0-9]|2[0-2]))?")
AGE_RECIPIENT = re.compile(
    r"age1[02-9ac-hj-np-z]{58}"
)  # Bech32's letters; its checksum is looked at before anything is written
