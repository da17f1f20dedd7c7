package io.logcourier.ledger;

import java.util.List;

/**
 * The blocks that some epochs claimed.
 *
 * @param blocks joined where they touch
 * @param adopted those that were there when the ledger was adopted from an incumbent: rows of theirs up to the cut-off of
 *     their session and bucket count as delivered; empty in a ledger that adopted nothing, and in later epochs
 * @param indexed whether an index of block numbers finds all their rows; that of attached parts does not
 */
public record Claims(List<BlockRange> blocks, List<BlockRange> adopted, boolean indexed) {}
