package dev.sluice.ondemand.fuse;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** A file of the flat directory: one attached device. Safe for use by many threads. */
final class Node {
    private final long id;
    private final String name;
    private final LayerFill layer;
    private final long size;
    private volatile boolean detached;

    Node(String name, LayerFill layer) {
        this.id = idOf(name);
        this.name = name;
        this.layer = layer;
        this.size = layer.device().size();
    }

    /**
     * The node of a name is the same after each restart, so that a kernel which knows the old one can go on. Bit 62 is set: it is
     * never the root's, and a valid, positive directory position.
     */
    static long idOf(String name) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(name.getBytes(US_ASCII));
            return (ByteBuffer.wrap(digest).getLong() >>> 2) | 1L << 62;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    long id() {
        return id;
    }

    String name() {
        return name;
    }

    LayerFill layer() {
        return layer;
    }

    DataDevice device() {
        return layer.device();
    }

    /** In bytes. */
    long size() {
        return size;
    }

    boolean isDetached() {
        return detached;
    }

    void detach() {
        detached = true;
    }
}
