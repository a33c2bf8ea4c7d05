package dev.sluice.linux;

import java.nio.ByteBuffer;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * The system's zlib, {@code libz.so.1}: unlike {@link java.util.zip.Inflater} it can stop at the end of a block. Also zlib-ng in its
 * compatible form. Safe for use by many threads.
 */
public final class Zlib {
    private static final String NAME = "libz.so.1";

    private final LibZ libz;
    private final Runtime runtime;

    private Zlib(LibZ libz) {
        this.libz = libz;
        this.runtime = Runtime.getRuntime(libz);
    }

    /** Whether this machine has zlib. */
    public sealed interface Lookup {}

    /** It has. */
    public record Found(Zlib zlib) implements Lookup {}

    /** It has not, or not with all that we call. */
    public record Missing(String reason) implements Lookup {}

    /** Binds zlib. Takes tens of milliseconds, half a second if nothing else has loaded the binding yet. */
    public static Lookup load() {
        return load(NAME);
    }

    static Lookup load(String name) {
        try {
            Zlib zlib =
                    new Zlib(LibraryLoader.create(LibZ.class).failImmediately().load(name));
            // Functions are looked up at their first call.
            try (InflateStream stream = zlib.gunzip()) {
                stream.reset();
                stream.window(ByteBuffer.allocateDirect(InflateStream.WINDOW));
            }
            return new Found(zlib);
        } catch (UnsatisfiedLinkError e) {
            return new Missing(name + " cannot be used: " + firstLine(String.valueOf(e.getMessage())));
        }
    }

    /**
     * A new decoder of one gzip member after the other.
     *
     * @throws OutOfMemoryError if zlib gets no memory
     */
    public InflateStream gunzip() {
        return new InflateStream(libz, runtime);
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }

    /**
     * The functions of zlib. Public because jnr implements it in a class loader of its own; only this package gets an instance.
     * {@code z_stream} is as in {@link InflateStream}.
     */
    public interface LibZ {
        int inflateInit2_(Pointer stream, int windowBits, byte[] version, int streamSize);

        int inflate(Pointer stream, int flush);

        int inflateReset(Pointer stream);

        int inflateGetDictionary(Pointer stream, ByteBuffer dictionary, Pointer length);

        int inflateEnd(Pointer stream);
    }
}
