package io.logcourier.accesslog;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ObjectKeyTest {
    private static final Instant PLANNED = Instant.parse("2026-02-03T04:05:06.789Z");

    @Test
    void aKeyIsPrefixUtcTimeAndSixteenUpperCaseHexDigits() {
        assertThat(ObjectKey.simple("logs/", PLANNED, "ledger", 1, 0)).matches("logs/2026-02-03-04-05-06-[0-9A-F]{16}");
    }

    @Test
    void thePrefixIsUsedAsItIs() {
        assertThat(ObjectKey.simple("", PLANNED, "ledger", 1, 0)).startsWith("2026-");
        assertThat(ObjectKey.simple("no slash", PLANNED, "ledger", 1, 0)).startsWith("no slash2026-");
        assertThat(ObjectKey.simple("%s/\uD83D\uDE80/", PLANNED, "ledger", 1, 0))
                .startsWith("%s/\uD83D\uDE80/2026-");
    }

    @Test
    void theSameOrderHasTheSameKeyForEver() {
        // Spelled out: a key that changed between versions would make a retry write a second object.
        assertThat(ObjectKey.simple("p/", PLANNED, "0123456789abcdef", 12, 3))
                .isEqualTo("p/2026-02-03-04-05-06-E959E376F0D7BB41");
    }

    @Test
    void everyLedgerEpochAndNumberHasAKeyOfItsOwn() {
        Set<String> keys = new HashSet<>();
        for (String ledger : new String[] {"a", "b"}) {
            for (int epoch = 1; epoch <= 120; epoch++) {
                for (int number = 0; number < 120; number++) {
                    keys.add(ObjectKey.simple("", PLANNED, ledger, epoch, number));
                }
            }
        }
        assertThat(keys).hasSize(2 * 120 * 120);
    }
}
