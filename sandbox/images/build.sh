#!/bin/sh
# Builds images and pushes them: build.sh REPOSITORY VERSION IMAGE…, in the folder of the build contexts.
# REPOSITORY: host and name, which the engine is logged in to. The tags are IMAGE-VERSION; a newer build moves them.
# Environment: ENGINE (default docker), PLATFORM (linux/arm64), BASE (Debian trixie-slim, whose newest build is used),
# AGENTS (of the image node), PUSH_FLAGS.
set -eu
repository=$1
version=$2
shift 2
engine=${ENGINE:-docker}
platform=${PLATFORM:-linux/arm64}
base=${BASE:-public.ecr.aws/docker/library/debian:trixie-slim}
# An attestation would make the digest that of a list, and not that of the image, which ECS reports.
export BUILDX_NO_DEFAULT_ATTESTATIONS=1

if [ -z "${DEBIAN:-}" ]; then
  "$engine" pull --quiet --platform "$platform" "$base"
  DEBIAN=$("$engine" image inspect --format '{{index .RepoDigests 0}}' "$base")
fi
for image in "$@"; do
  case $image in
    gateway | node) from="DEBIAN=$DEBIAN" ;;
    # The Node image of the same version: built before it, by this script or an earlier run.
    python | java | go | rust) from="NODE=$repository:node-$version" ;;
    *) echo "There is no image $image." >&2 && exit 2 ;;
  esac
  agents=
  if [ "$image" = node ] && [ -n "${AGENTS:-}" ]; then agents="AGENTS=$AGENTS"; fi
  echo "building $image on ${from#*=}"
  "$engine" build --platform "$platform" --build-arg "$from" ${agents:+--build-arg "$agents"} \
    --tag "$repository:$image-$version" "$image"
  # shellcheck disable=SC2086
  "$engine" push ${PUSH_FLAGS:-} "$repository:$image-$version"
done
