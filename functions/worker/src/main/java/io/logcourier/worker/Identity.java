package io.logcourier.worker;

import io.logcourier.accesslog.Contents;
import io.logcourier.accesslog.Rendering;
import io.logcourier.ledger.Offset;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.worker.ObjectStore.Found;
import java.util.Optional;

/** Decides whether an object that lies under the key of an order is that order's. */
final class Identity {
    /** The metadata that names an object's order. */
    static final String ORDER = "order";

    private Identity() {}

    /**
     * The offset to record of an object that is there before its order was seen to be delivered: an earlier attempt has
     * completed it, which it does only when all rows are in it. Its bytes may be others than those of now, where rows were
     * changed since, or a library compresses otherwise.
     *
     * @param rendered what the rows make now
     * @return nothing where it is none of the order's
     */
    static Optional<Offset> own(WorkOrder order, Offset rendered, Found found) {
        return found.contents()
                .filter(contents -> contents.rows() == order.tally().rows())
                .filter(contents -> isOf(rendered, contents)
                        || Rendering.of(order).isFile()
                        || order.id().equals(found.metadata().get(ORDER)))
                .map(contents -> Offset.delivered(order, contents.bytes(), contents.crc32c()));
    }

    /**
     * The offset of an object that a replay need not write again: it holds, byte by byte, what was delivered, or what the
     * rows make now.
     *
     * @param rendered what the rows make now
     * @param delivered what was delivered, if it was
     * @return nothing where it is to be written
     */
    static Optional<Offset> intact(WorkOrder order, Offset rendered, Optional<Offset> delivered, Found found) {
        return found.contents()
                .filter(contents -> isOf(rendered, contents)
                        || delivered.filter(offset -> isOf(offset, contents)).isPresent())
                .map(contents -> Offset.delivered(order, contents.bytes(), contents.crc32c()));
    }

    private static boolean isOf(Offset offset, Contents contents) {
        return contents.equals(new Contents(offset.rows(), offset.bytes(), offset.crc32c()));
    }
}
