package io.logcourier.accesslog;

import io.logcourier.ledger.Group;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The styles of keys of log objects, as the Amazon S3 User Guide has them. Each ends in a unique string, which is 16 hex
 * digits that mean nothing to a reader; ours follow from the order, so that a retry overwrites its own object and nothing
 * else. Delivery time is the time when the order was planned, so that it never changes.
 */
public enum KeyStyle {
    /** {@code [prefix]YYYY-MM-DD-hh-mm-ss-[UniqueString]}, time of delivery. */
    SIMPLE,
    /**
     * {@code [prefix][SourceAccountId]/[SourceRegion]/[SourceBucket]/[YYYY]/[MM]/[DD]/YYYY-MM-DD-hh-mm-ss-[UniqueString]},
     * time of delivery.
     */
    DELIVERY_TIME,
    /** The same with the UTC day of the requests; hh-mm-ss are 00-00-00. An object holds one day. */
    EVENT_TIME;

    /**
     * What an owner of a source bucket asks for, in the words of S3's TargetObjectKeyFormat or in those of settings.
     *
     * @return nothing where it is none of them
     */
    public static Optional<KeyStyle> asked(String format) {
        return switch (format) {
            case "SimplePrefix", "simple" -> Optional.of(SIMPLE);
            case "PartitionedPrefix", "DeliveryTime", "delivery-time" -> Optional.of(DELIVERY_TIME);
            case "EventTime", "event-time" -> Optional.of(EVENT_TIME);
            default -> Optional.empty();
        };
    }

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd-HH-mm-ss").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter FOLDERS =
            DateTimeFormatter.ofPattern("uuuu/MM/dd/").withZone(ZoneOffset.UTC);
    private static final int UNIQUE_BYTES = 8;

    /**
     * What a key is made of.
     *
     * @param account the id of the source bucket's account; used by partitioned styles
     * @param region the region of the source bucket; used by partitioned styles
     * @param group its target prefix is used as it is: no slash is added
     * @param day of the requests, as {@code 2026-11-21}; used by {@link #EVENT_TIME}
     * @param plannedAt when the order was planned
     * @param ledger the ledger's random id, so that a ledger made anew never overwrites old objects
     * @param epoch of the order
     * @param number of the order
     */
    public record Source(
            String account,
            String region,
            Group group,
            String day,
            Instant plannedAt,
            String ledger,
            long epoch,
            int number) {}

    /** The key of an order's object, without a suffix. */
    public String key(Source source) {
        Instant time = this == EVENT_TIME
                ? LocalDate.parse(source.day()).atStartOfDay(ZoneOffset.UTC).toInstant()
                : source.plannedAt();
        String folders = this == SIMPLE
                ? ""
                : source.account() + "/" + source.region() + "/"
                        + source.group().bucket() + "/" + FOLDERS.format(time);
        return source.group().targetPrefix() + folders + TIME.format(time) + "-"
                + unique(source.ledger() + "/" + source.epoch() + "/" + source.number());
    }

    private static String unique(String identity) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(identity.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().withUpperCase().formatHex(hash, 0, UNIQUE_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
