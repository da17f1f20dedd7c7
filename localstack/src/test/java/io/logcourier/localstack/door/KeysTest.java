package io.logcourier.localstack.door;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KeysTest {
    @Test
    void areNewEachTimeAndNeedNoQuotes() {
        List<String> words = Stream.generate(Keys::random)
                .limit(100)
                .flatMap(keys -> Stream.of(keys.password(), keys.accessKey(), keys.secretKey()))
                .toList();
        assertThat(words).doesNotHaveDuplicates().allMatch(word -> word.matches("[A-Za-z0-9]{32,}"));
    }

    @Test
    void ofAFolderStayAndAreTheUsersAlone(@TempDir Path folder) throws IOException {
        Keys keys = Keys.of(folder);
        assertThat(Keys.of(folder)).isEqualTo(keys);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).singleElement().satisfies(file -> assertThat(
                            PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "[1]", "{\"user\": \"courier\", \"password\": null}"})
    void aFileThatHoldsNoneIsNamed(String text, @TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("keys.json"), text);
        assertThatThrownBy(() -> Keys.of(folder))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith(file + " holds no keys: remove it");
    }

    @Test
    void areNotPrinted() {
        Keys keys = Keys.random();
        assertThat(keys.toString()).doesNotContain(keys.password(), keys.accessKey(), keys.secretKey());
    }
}
