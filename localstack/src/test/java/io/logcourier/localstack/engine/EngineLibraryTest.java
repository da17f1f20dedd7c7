package io.logcourier.localstack.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EngineLibraryTest {
    private static final byte[] LOCK =
            "{\"@chdb/lib-linux-x64-gnu\": \"26.7\", \"@chdb/lib-darwin-arm64\": \"26.7\"}".getBytes(UTF_8);

    @Test
    void aPlatformHasThePackageThatIsLockedForIt() {
        assertThat(EngineLibrary.lockedPackage(LOCK, "Linux", "amd64")).isEqualTo("lib-linux-x64-gnu");
        assertThat(EngineLibrary.lockedPackage(LOCK, "Mac OS X", "aarch64")).isEqualTo("lib-darwin-arm64");
    }

    @ParameterizedTest
    @CsvSource({"Linux, aarch64", "Windows 11, amd64"})
    void whereNoneIsLockedTheErrorSaysWhatRunsInstead(String system, String processor) {
        assertThatThrownBy(() -> EngineLibrary.lockedPackage(LOCK, system, processor))
                .isInstanceOf(EngineUnavailableException.class)
                .hasMessageContainingAll(system + " " + processor, "docker run", "LOG_COURIER_LIBCHDB");
    }
}
