package io.logcourier.accesslog;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.ledger.Group;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KeyStyleTest {
    private static final Instant PLANNED = Instant.parse("2026-02-03T04:05:06.789Z");

    @Test
    void aSimpleKeyIsPrefixUtcTimeAndSixteenUpperCaseHexDigits() {
        assertThat(key(KeyStyle.SIMPLE, "logs/")).matches("logs/2026-02-03-04-05-06-[0-9A-F]{16}");
    }

    @Test
    void aPartitionedKeyHasFoldersOfTheSourceAndTheDay() {
        assertThat(key(KeyStyle.DELIVERY_TIME, "logs/"))
                .matches("logs/123456789012/eu-west-1/cats/2026/02/03/2026-02-03-04-05-06-[0-9A-F]{16}");
        assertThat(key(KeyStyle.EVENT_TIME, "logs/"))
                .matches("logs/123456789012/eu-west-1/cats/2025/12/31/2025-12-31-00-00-00-[0-9A-F]{16}");
    }

    @Test
    void thePrefixIsUsedAsItIs() {
        assertThat(key(KeyStyle.SIMPLE, "")).startsWith("2026-");
        assertThat(key(KeyStyle.SIMPLE, "no slash")).startsWith("no slash2026-");
        assertThat(key(KeyStyle.SIMPLE, "%s/\uD83D\uDE80/")).startsWith("%s/\uD83D\uDE80/2026-");
        assertThat(key(KeyStyle.EVENT_TIME, "no slash")).startsWith("no slash123456789012/");
    }

    @Test
    void theSameOrderHasTheSameKeyForEver() {
        // Spelled out: a key that changed between versions would make a retry write a second object.
        assertThat(key(KeyStyle.SIMPLE, "p/", "0123456789abcdef", 12, 3))
                .isEqualTo("p/2026-02-03-04-05-06-E959E376F0D7BB41");
    }

    @Test
    void everyLedgerEpochAndNumberHasAKeyOfItsOwn() {
        Set<String> keys = new HashSet<>();
        for (String ledger : new String[] {"a", "b"}) {
            for (int epoch = 1; epoch <= 120; epoch++) {
                for (int number = 0; number < 120; number++) {
                    keys.add(key(KeyStyle.EVENT_TIME, "", ledger, epoch, number));
                }
            }
        }
        assertThat(keys).hasSize(2 * 120 * 120);
    }

    private static String key(KeyStyle style, String prefix) {
        return key(style, prefix, "ledger", 1, 0);
    }

    private static String key(KeyStyle style, String prefix, String ledger, long epoch, int number) {
        Group group = new Group(1, "cats", "target", prefix);
        return style.key(
                new KeyStyle.Source("123456789012", "eu-west-1", group, "2025-12-31", PLANNED, ledger, epoch, number));
    }
}
