"""Buckets as the tests see them: S3 through boto3, or a local directory through plain files."""

from __future__ import annotations

from pathlib import Path

import boto3
import botocore.exceptions
from botocore.config import Config

ACCESS_KEY = "AKIASTATICKEYS000001"
SECRET_KEY = "static-secret-of-the-tests"
REGION = "us-west-2"


def client(service: str, endpoint: str, access_key: str = ACCESS_KEY, secret_key: str = SECRET_KEY):
    """An independent AWS client."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}),
    )


class S3Bucket:
    """A bucket on the S3 server."""

    def __init__(self, s3, name: str, create: bool = True):
        self.s3 = s3
        self.name = name
        self.variable = name
        if create:
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})

    def put(self, key: str, body: bytes) -> None:
        """Writes an object."""
        self.s3.put_object(Bucket=self.name, Key=key, Body=body)

    def get(self, key: str) -> bytes | None:
        """An object's bytes, or nothing."""
        try:
            return self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise

    def delete(self, key: str) -> None:
        """Removes an object."""
        self.s3.delete_object(Bucket=self.name, Key=key)

    def keys(self, prefix: str = "") -> list[str]:
        """Keys under a prefix, sorted."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", []))


class DirectoryBucket:
    """A bucket in a local directory."""

    def __init__(self, directory: Path):
        directory.mkdir(parents=True)
        self.directory = directory
        self.name = directory.name
        self.variable = f"file://{directory}"

    def put(self, key: str, body: bytes) -> None:
        """Writes an object."""
        path = self.directory / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def get(self, key: str) -> bytes | None:
        """An object's bytes, or nothing."""
        path = self.directory / key
        return path.read_bytes() if path.is_file() else None

    def delete(self, key: str) -> None:
        """Removes an object."""
        (self.directory / key).unlink(missing_ok=True)

    def keys(self, prefix: str = "") -> list[str]:
        """Keys under a prefix, sorted. Lock files of the store begin with a dot and are no objects."""
        found = (path.relative_to(self.directory) for path in self.directory.rglob("*") if path.is_file())
        visible = (str(path) for path in found if not any(part.startswith(".") for part in path.parts))
        return sorted(key for key in visible if key.startswith(prefix))
