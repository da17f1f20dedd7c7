package io.logcourier.looker;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A buffer that grows, without locks. Not thread-safe. */
final class Bytes {
    private static final int INITIAL = 1024;
    private static final byte[] DIGITS = "0123456789ABCDEF".getBytes(StandardCharsets.US_ASCII);
    private static final int TEN = 10;
    private static final int MOST_DIGITS = 20;

    private byte[] array = new byte[INITIAL];
    private int length;

    byte[] array() {
        return array;
    }

    int length() {
        return length;
    }

    void clear() {
        length = 0;
    }

    byte[] toArray() {
        return Arrays.copyOf(array, length);
    }

    Bytes add(byte[] bytes) {
        return add(bytes, 0, bytes.length);
    }

    Bytes add(byte[] bytes, int offset, int count) {
        reserve(count);
        System.arraycopy(bytes, offset, array, length, count);
        length += count;
        return this;
    }

    Bytes add(char one) {
        reserve(1);
        array[length++] = (byte) one;
        return this;
    }

    Bytes fill(char one, int count) {
        reserve(count);
        Arrays.fill(array, length, length + count, (byte) one);
        length += count;
        return this;
    }

    /** In decimal digits. */
    Bytes decimal(long number) {
        reserve(MOST_DIGITS);
        int digits = 1;
        for (long rest = number / TEN; rest > 0; rest /= TEN) {
            digits++;
        }
        return digits(number, digits);
    }

    /** The last {@code count} decimal digits. */
    Bytes digits(long number, int count) {
        reserve(count);
        long rest = number;
        for (int i = length + count - 1; i >= length; i--) {
            array[i] = DIGITS[(int) (rest % TEN)];
            rest /= TEN;
        }
        length += count;
        return this;
    }

    /** The last {@code count} hexadecimal digits, in upper case. */
    Bytes hex(long number, int count) {
        reserve(count);
        long rest = number;
        for (int i = length + count - 1; i >= length; i--) {
            array[i] = DIGITS[(int) (rest & 0xF)];
            rest >>>= 4;
        }
        length += count;
        return this;
    }

    private void reserve(int more) {
        if (length + more > array.length) {
            array = Arrays.copyOf(array, Math.max(array.length * 2, length + more));
        }
    }
}
