# An image with a project and every program that its contracts need. A drill in it builds and downloads nothing.
#
#   npx dr-contracts toolchain --pack toolchain.tar.gz
#   docker build --file node_modules/dr-contracts/templates/dr-contracts.Dockerfile --tag dr-contracts-project .
#   docker run --rm --env DR_CONTRACTS_DISPOSABLE_MACHINE=1 dr-contracts-project drill --target local
#
# Write the pack on Linux with the C library and the Python of the image: Debian 12 has glibc and Python 3.11.
# Keep reports/, node_modules/ and secrets out with a .dockerignore file.
ARG BASE=node:24-bookworm-slim
FROM ${BASE} AS base
RUN apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends python3 python3-venv git \
  && rm -rf /var/lib/apt/lists/*
ENV DR_CONTRACTS_CACHE=/opt/dr-contracts
WORKDIR /project
COPY package.json package-lock.json ./
RUN npm ci

# In stages of their own, so that the image does not hold the pack beside what is in it.
FROM base AS programs
ARG PACK=toolchain.tar.gz
COPY ${PACK} /tmp/toolchain.tar.gz
RUN npx dr-contracts toolchain --from /tmp/toolchain.tar.gz

FROM ${BASE} AS project
ARG PACK=toolchain.tar.gz
WORKDIR /project
COPY . .
RUN rm -rf "${PACK}" node_modules

FROM base
COPY --from=programs /opt/dr-contracts /opt/dr-contracts
# Git refuses a repository that belongs to another user, and then a record names no commit.
COPY --from=project --chown=node:node /project /project
RUN chown node:node /project
USER node
ENTRYPOINT ["npx", "--no", "dr-contracts"]
CMD ["drill", "--target", "local"]
