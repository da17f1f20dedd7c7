# The command line with the embedded ClickHouse:
#   docker run --rm log-courier demo
#   docker run --rm --env-file FILE log-courier status
# The engine is locked for linux/amd64; on other machines add --platform linux/amd64.
FROM --platform=linux/amd64 node:22-bookworm-slim AS engine
WORKDIR /build
COPY localstack/engine .
RUN cp "$(LOG_COURIER_CACHE=/cache ./install)" /libchdb.so

FROM maven:3-eclipse-temurin-25 AS build
WORKDIR /build
COPY . .
RUN mvn -q -B -Dmaven.test.skip=true -Dexec.skip=true -pl localstack -am package

FROM --platform=linux/amd64 eclipse-temurin:25-jre
COPY --from=engine /libchdb.so /opt/log-courier/engine/libchdb.so
COPY --from=build /build/localstack/target/lib /opt/log-courier/lib
COPY --from=build /build/localstack/target/classes /opt/log-courier/classes
ENV LOG_COURIER_LIBCHDB=/opt/log-courier/engine/libchdb.so
USER 65532
WORKDIR /tmp
ENTRYPOINT ["java", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-XX:MaxRAMPercentage=50", \
    "-cp", "/opt/log-courier/classes:/opt/log-courier/lib/*", "io.logcourier.localstack.cli.Main"]
