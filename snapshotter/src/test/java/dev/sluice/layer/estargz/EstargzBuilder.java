package dev.sluice.layer.estargz;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.layer.DecodedLayer;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.TarBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/** Writes eStargz blobs, good and bad ones. Members hold contents alone, without the tar headers that nobody reads. */
public final class EstargzBuilder {
    /** A blob, and what its manifest says of it. */
    public record Layer(byte[] blob, LayerDescriptor descriptor) {}

    private static final int FOOTER = 51;

    private final ByteArrayOutputStream blob = new ByteArrayOutputStream();
    private final List<Map<String, Object>> entries = new ArrayList<>();
    private int chunkSize = 4 << 20;

    EstargzBuilder chunkSize(int bytes) {
        chunkSize = bytes;
        return this;
    }

    /** An entry with any fields: name and value alternate. */
    EstargzBuilder entry(String name, String type, Object... fields) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("name", name);
        entry.put("type", type);
        for (int i = 0; i < fields.length; i += 2) {
            entry.put((String) fields[i], fields[i + 1]);
        }
        entries.add(entry);
        return this;
    }

    EstargzBuilder directory(String name, Object... fields) {
        return entry(name, "dir", with(fields, "mode", 0755));
    }

    EstargzBuilder symlink(String name, String target) {
        return entry(name, "symlink", "linkName", target, "mode", 0777);
    }

    EstargzBuilder hardLink(String name, String target, Object... fields) {
        return entry(name, "hardlink", with(fields, "linkName", target, "mode", 0644));
    }

    /** A regular file, in chunks of {@link #chunkSize}. */
    public EstargzBuilder file(String name, byte[] content, Object... fields) {
        entry(name, "reg", with(fields, "mode", 0644, "size", content.length, "digest", sha256(content)));
        Map<String, Object> entry = entries.get(entries.size() - 1);
        for (int at = 0; at < content.length; at += chunkSize) {
            byte[] chunk = Arrays.copyOfRange(content, at, Math.min(content.length, at + chunkSize));
            if (at > 0) {
                entry(name, "chunk", "chunkOffset", at);
                entry = entries.get(entries.size() - 1);
            }
            entry.put("offset", member(chunk));
            entry.put("chunkDigest", sha256(chunk));
            if (at + chunkSize < content.length) {
                entry.put("chunkSize", chunkSize);
            }
        }
        return this;
    }

    /** Appends a gzip member to the blob; the result is its offset. */
    long member(byte[] bytes) {
        long offset = blob.size();
        blob.writeBytes(gzip(bytes));
        return offset;
    }

    /** The table of contents so far. */
    Map<String, Object> toc() {
        Map<String, Object> toc = new LinkedHashMap<>();
        toc.put("version", 1);
        toc.put("entries", entries);
        return toc;
    }

    public Layer build() {
        return build(json(toc()));
    }

    /** With a table of contents of any bytes. */
    Layer build(byte[] toc) {
        return build(toc, tar(TocStream.NAME, toc));
    }

    /** With any bytes in the place of the tar that holds the table of contents. */
    Layer build(byte[] toc, byte[] tar) {
        long tocOffset = blob.size();
        return buildRaw(sha256(toc), gzip(tar), footer(tocOffset));
    }

    /** With any bytes at the end. */
    Layer buildRaw(String tocDigest, byte[]... end) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(blob.toByteArray());
        for (byte[] part : end) {
            all.writeBytes(part);
        }
        byte[] bytes = all.toByteArray();
        return new Layer(
                bytes,
                new LayerDescriptor(
                        "application/vnd.oci.image.layer.v1.tar+gzip",
                        sha256(bytes),
                        bytes.length,
                        Map.of("containerd.io/snapshot/stargz/toc.digest", tocDigest)));
    }

    static byte[] json(Object value) {
        try {
            return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Header, contents and end of a tar with one file. */
    static byte[] tar(String name, byte[] content) {
        byte[] tar =
                Arrays.copyOf(TarBuilder.header(name, content.length), 512 + (content.length + 511) / 512 * 512 + 1024);
        System.arraycopy(content, 0, tar, 512, content.length);
        return tar;
    }

    static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    static byte[] footer(long tocOffset) {
        byte[] footer = emptyMember("SG\u0016\0" + String.format("%016xSTARGZ", tocOffset));
        if (footer.length != FOOTER) {
            throw new IllegalStateException("footer has " + footer.length + " bytes");
        }
        return footer;
    }

    /** An empty gzip member, stored, with an extra field. */
    static byte[] emptyMember(String extra) {
        String header = "\u001f\u008b\u0008\u0004\0\0\0\0\0\u00ff" + (char) extra.length() + "\0";
        return (header + extra + "\u0001\0\0\u00ff\u00ff" + "\0".repeat(8)).getBytes(StandardCharsets.ISO_8859_1);
    }

    static String sha256(byte[] bytes) {
        return "sha256:" + HexFormat.of().formatHex(DecodedLayer.sha256(bytes));
    }

    private static Object[] with(Object[] fields, Object... more) {
        Map<String, Object> all = new LinkedHashMap<>();
        for (Object[] some : List.of(more, fields)) {
            for (int i = 0; i < some.length; i += 2) {
                all.put((String) some[i], some[i + 1]);
            }
        }
        return all.entrySet().stream()
                .flatMap(e -> Stream.of(e.getKey(), e.getValue()))
                .toArray();
    }
}
