package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.operations.Repair.Databases;
import io.logcourier.operations.Repair.Repaired;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class RepairTest {
    private static final String ONE = "20261130_111500";
    private static final String OTHER = "20261201_111500";

    @Test
    void ofALedgerThatIsThereAllThatLiesBesideItIsLeftOver() {
        assertThat(Databases.of(
                        "courier",
                        List.of("courier", "courier_before_" + ONE, "courier_repair", "courier_repair_" + ONE)))
                .isEqualTo(new Databases(
                        true,
                        List.of("courier_before_" + ONE),
                        Optional.empty(),
                        List.of("courier_repair", "courier_repair_" + ONE)));
    }

    @Test
    void aSwapIsFinishedOnlyWhereTheFormerLedgerWasMovedAwayAtTheSameTime() {
        assertThat(Databases.of("courier", List.of("courier_before_" + ONE, "courier_repair_" + ONE)))
                .isEqualTo(new Databases(false, List.of("courier_before_" + ONE), Optional.of(ONE), List.of()));
        assertThat(Databases.of(
                        "courier",
                        List.of(
                                "courier_before_" + ONE,
                                "courier_before_" + OTHER,
                                "courier_repair",
                                "courier_repair_20261130_111501")))
                .isEqualTo(new Databases(
                        false,
                        List.of("courier_before_" + OTHER, "courier_before_" + ONE),
                        Optional.empty(),
                        List.of("courier_repair", "courier_repair_20261130_111501")));
    }

    @Test
    void databasesOfOthersAreLeftAlone() {
        assertThat(Databases.of(
                        "courier",
                        List.of(
                                "courier_repairs",
                                "courier_repair_shop",
                                "courier_before_noon",
                                "courier_repair_" + ONE + "0")))
                .isEqualTo(new Databases(false, List.of(), Optional.empty(), List.of()));
    }

    @Test
    void rowsThatAreMissingOrHeldBackAreNotClear() {
        assertThat(repaired(List.of(), 0, 0).isClear()).isTrue();
        assertThat(repaired(List.of(), 3, 0).isClear()).isFalse();
        assertThat(repaired(List.of("numbers were used twice"), 3, 0).isClear()).isTrue();
        assertThat(repaired(List.of(), 0, 2).isClear()).isFalse();
        assertThat(RepairCommand.text(repaired(List.of(), 3, 2)))
                .contains("3 rows are in no object, and the former ledger counts them as delivered")
                .contains("2 rows may be in an object that was not read");
    }

    private static Repaired repaired(List<String> reasons, long contradicted, long unjudged) {
        return new Repaired(
                "main",
                false,
                true,
                reasons,
                0,
                10,
                5,
                5,
                0,
                contradicted,
                unjudged,
                1,
                5,
                0,
                List.of(),
                List.of(),
                Optional.empty());
    }
}
