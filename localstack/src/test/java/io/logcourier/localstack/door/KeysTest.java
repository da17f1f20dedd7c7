package io.logcourier.localstack.door;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

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
    void areNotPrinted() {
        Keys keys = Keys.random();
        assertThat(keys.toString()).doesNotContain(keys.password(), keys.accessKey(), keys.secretKey());
    }
}
