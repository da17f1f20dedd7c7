package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.operations.Folders.Folder;
import io.logcourier.operations.Folders.Listed;
import io.logcourier.operations.Folders.Marked;
import io.logcourier.operations.Folders.Verdict;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class FoldersTest {
    private static final String KEY = "logs/2026-11-21-15-52-17-0123456789ABCDEF";
    private static final Listed OBJECT = new Listed("target", KEY, Instant.parse("2026-11-21T15:52:18Z"));

    private static Marked order(String key, boolean isDelivered, boolean isSuperseded) {
        return new Marked(0x0123456789ABCDEFL, 3, 1, "cats", "target", key, isDelivered, isSuperseded);
    }

    @Test
    void theObjectOfAnOrderThatIsDeliveredIsRight() {
        assertThat(Folders.judge(OBJECT, List.of(order(KEY, true, false)), false, false))
                .isEqualTo(new Verdict.Right());
        // Which the books say themselves.
        assertThat(Folders.judge(OBJECT, List.of(order(KEY, true, true)), false, false))
                .isEqualTo(new Verdict.Right());
    }

    @Test
    void theObjectOfAnOrderWithoutAnOffsetIsUnderWayWhileItIsYoung() {
        List<Marked> open = List.of(order(KEY, false, false));

        assertThat(Folders.judge(OBJECT, open, true, false)).isEqualTo(new Verdict.UnderWay());
        assertThat(what(Folders.judge(OBJECT, open, false, false)))
                .contains("order 3/1 of bucket cats", "target/" + KEY, "2026-11-21T15:52:18Z", "no offset");
    }

    @Test
    void theObjectOfASupersededOrderIsWrongHoweverYoung() {
        assertThat(what(Folders.judge(OBJECT, List.of(order(KEY, false, true)), true, false)))
                .contains("order 3/1 of bucket cats", "target/" + KEY, "superseded", "second time");
    }

    @Test
    void anObjectWithTheUniqueStringOfAnotherIsWrongUnlessAReplayMayHaveMadeIt() {
        List<Marked> other = List.of(order("other/2026-11-21-15-52-17-0123456789ABCDEF", true, false));

        assertThat(what(Folders.judge(OBJECT, other, true, false)))
                .contains("object target/" + KEY, "order 3/1", "target/other/2026", "second time");
        assertThat(Folders.judge(OBJECT, other, true, true)).isEqualTo(new Verdict.Right());
    }

    @Test
    void anObjectOfNoOrderIsAStranger() {
        assertThat(Folders.judge(OBJECT, List.of(), true, false)).isEqualTo(new Verdict.Stranger());
    }

    private static String what(Verdict verdict) {
        assertThat(verdict).isInstanceOf(Verdict.Wrong.class);
        return ((Verdict.Wrong) verdict).difference().what();
    }

    @Test
    void aUniqueStringIsFoundWhereverItStands() {
        assertThat(marks(KEY)).containsExactly(0x0123456789ABCDEFL);
        assertThat(marks(KEY + ".json.gz")).containsExactly(0x0123456789ABCDEFL);
        assertThat(marks("copy of " + KEY + " (2)")).containsExactly(0x0123456789ABCDEFL);
        assertThat(marks("x/fedcba9876543210/" + KEY)).containsExactly(0xFEDCBA9876543210L, 0x0123456789ABCDEFL);
        assertThat(marks("x/0123456789ABCDEF0")).isEmpty();
        assertThat(marks("x/0123456789ABCDE")).isEmpty();
    }

    private static List<Long> marks(String key) {
        return new Listed("target", key, Instant.EPOCH).marks();
    }

    @Test
    void aFolderInAnotherIsListedWithIt() {
        Folder outer = new Folder("a", "logs/", true);
        Folder inner = new Folder("a", "logs/cats/", false);
        Folder beside = new Folder("a", "logt/", true);
        Folder elsewhere = new Folder("b", "logs/cats/", true);
        Folder whole = new Folder("b", "", true);

        assertThat(Folders.outermost(List.of(inner, beside, outer, elsewhere)))
                .containsExactly(outer, beside, elsewhere);
        assertThat(Folders.outermost(List.of(elsewhere, whole))).containsExactly(whole);
    }
}
