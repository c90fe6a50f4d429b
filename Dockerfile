# One image for the whole fleet: which process it is, is its command.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build
# Mount points owned by the user that runs: a new volume takes over the owner of the folder it covers.
RUN mkdir -p /volumes/data/keys /volumes/data/pins /volumes/data/content

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production AURORA_DATA=/data
COPY package.json package-lock.json .npmrc LICENSE NOTICE ./
RUN npm ci --omit=dev
COPY bin bin
COPY content content
COPY --from=build /app/dist dist
COPY --from=build --chown=node:node /volumes /
USER node
EXPOSE 8080 9000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --start-interval=1s --retries=3 \
  CMD ["node", "dist/boot/process.js", "health"]
CMD ["node", "--max-semi-space-size=32", "dist/boot/process.js", "orchestrator"]
