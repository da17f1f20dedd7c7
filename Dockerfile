# The command line, for an installation: docker run --rm --env-file FILE log-courier status
# Without the embedded ClickHouse: demo, up and bench need ./courier.
FROM maven:3-eclipse-temurin-25 AS build
WORKDIR /build
COPY . .
RUN mvn -q -B -Dmaven.test.skip=true -Dexec.skip=true -pl localstack -am package

FROM eclipse-temurin:25-jre
COPY --from=build /build/localstack/target/lib /opt/log-courier/lib
COPY --from=build /build/localstack/target/classes /opt/log-courier/classes
USER 65532
ENTRYPOINT ["java", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-XX:MaxRAMPercentage=75", \
    "-cp", "/opt/log-courier/classes:/opt/log-courier/lib/*", "io.logcourier.localstack.cli.Main"]
