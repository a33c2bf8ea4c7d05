package dev.sluice.layer.toc;

import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.LayerTree;
import dev.sluice.layer.SpanTable;
import dev.sluice.layer.SpanTableBuilder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;

/** Collects the entries of a table of contents: names and attributes into a tree, contents of files into chunks. */
final class Toc implements TocParser.Sink {
    private static final String PREFETCH_LANDMARK = ".prefetch.landmark";
    private static final String NO_PREFETCH_LANDMARK = ".no.prefetch.landmark";
    /** Of the table of contents in the tar, for formats that have it there. */
    private static final String TOC_ENTRY = "stargz.index.json";

    private static final String ZEROS = "zeros";
    private static final String SHA256 = "sha256:";
    private static final long MAX_FILE = 1L << 44;

    private final LayerTree tree;
    private final Chunks chunks = new Chunks();
    private long[] sizes = new long[1024];
    private int files;
    private int landmark = -1;

    private String openName = "";
    private String openDigest = "";
    private long openEnd;
    private long covered;

    Toc(TocLimits limits) {
        tree = new LayerTree(limits.entries(), limits.bytes());
    }

    @Override
    public void accept(TocEntry entry) throws InvalidLayerException {
        if (entry.type().equals("chunk")) {
            if (files == 0 || !entry.name().equals(openName)) {
                throw new InvalidLayerException("chunk does not follow the file that it is part of");
            }
            addChunk(entry);
            return;
        }
        closeFile();
        switch (entry.type()) {
            case "reg" -> openFile(entry);
            case "dir" -> tree.directory(entry.name(), entry.attributes());
            case "symlink" -> tree.symlink(entry.name(), entry.attributes(), entry.linkName());
            case "hardlink" -> tree.hardLink(entry.name(), entry.attributes(), entry.linkName());
            case "char" -> tree.charDevice(entry.name(), entry.attributes(), entry.devMajor(), entry.devMinor());
            case "block" -> tree.blockDevice(entry.name(), entry.attributes(), entry.devMajor(), entry.devMinor());
            case "fifo" -> tree.fifo(entry.name(), entry.attributes());
            default -> throw new InvalidLayerException("entry of the table of contents has an unknown type");
        }
    }

    /**
     * Lays out what was collected. To be called once.
     *
     * @param digest of the table of contents, {@code sha256:hex}
     */
    LayerIndex finish(String digest, ChunkedBlob blob) throws InvalidLayerException {
        closeFile();
        BitSet wanted = tree.contents();
        Layout layout = Layout.of(chunks, Arrays.copyOf(sizes, files), wanted, landmark, blob);
        long[] deviceOffsets = layout.deviceOffsets();
        return new LayerIndex(
                blob.format(), digest, tree.entries(file -> deviceOffsets[file]), layout.spans(), layout.prefetch());
    }

    private void openFile(TocEntry entry) throws InvalidLayerException {
        if (entry.size() < 0 || entry.size() > MAX_FILE) {
            throw new InvalidLayerException("file has a size of " + entry.size() + " bytes");
        }
        if (files == sizes.length) {
            sizes = Arrays.copyOf(sizes, files + (files >> 1));
        }
        sizes[files++] = entry.size();
        openName = entry.name();
        openDigest = entry.digest();
        openEnd = entry.endOffset();
        covered = 0;
        switch (rootName(entry.name())) {
            case PREFETCH_LANDMARK -> landmark = files - 1;
            case NO_PREFETCH_LANDMARK, TOC_ENTRY -> {}
            default -> tree.regularFile(entry.name(), entry.attributes(), entry.size(), files - 1);
        }
        if (entry.size() > 0) {
            addChunk(entry);
        }
    }

    /** The name without leading {@code /} and {@code ./}. */
    private static String rootName(String name) {
        int start = 0;
        while (name.startsWith("/", start) || name.startsWith("./", start)) {
            start += name.charAt(start) == '/' ? 1 : 2;
        }
        return name.substring(start);
    }

    private void addChunk(TocEntry entry) throws InvalidLayerException {
        long left = sizes[files - 1] - covered;
        long length = entry.chunkSize() == 0 ? left : entry.chunkSize();
        if (entry.chunkOffset() != covered || length <= 0 || length > left) {
            throw new InvalidLayerException("chunks of a file leave a gap, overlap or reach beyond its end: " + length
                    + " bytes at " + entry.chunkOffset() + ", expected at most " + left + " at " + covered);
        }
        switch (entry.chunkType()) {
            case "" -> addData(entry, length);
            // Nothing of them is fetched: the table of contents vouches for them.
            case ZEROS -> chunks.addZeros(files - 1, entry.offset(), covered);
            default -> throw new InvalidLayerException("a chunk has an unknown type");
        }
        covered += length;
    }

    private void addData(TocEntry entry, long length) throws InvalidLayerException {
        if (length > SpanTableBuilder.MAX_DECODED) {
            throw new InvalidLayerException(
                    "chunk has " + length + " bytes, allowed are " + SpanTableBuilder.MAX_DECODED);
        }
        if (entry.offset() < 0
                || entry.innerOffset() < 0
                || entry.innerOffset() > SpanTableBuilder.MAX_DECODED - length) {
            throw new InvalidLayerException("chunk has an offset out of range: " + entry.offset() + ", "
                    + entry.innerOffset() + " in what that decodes to");
        }
        boolean isWholeFile = length == sizes[files - 1];
        String digest = entry.chunkDigest().isEmpty() && isWholeFile ? openDigest : entry.chunkDigest();
        if (isWholeFile && !openDigest.isEmpty() && !openDigest.equals(digest)) {
            throw new InvalidLayerException("a file of one chunk has two digests");
        }
        chunks.add(files - 1, entry.offset(), entry.innerOffset(), covered, (int) length, sha256(digest));
    }

    private void closeFile() throws InvalidLayerException {
        if (covered > 0) {
            chunks.endLast(openEnd);
        }
        if (files > 0 && covered != sizes[files - 1]) {
            throw new InvalidLayerException(
                    "chunks of a file end at " + covered + " of " + sizes[files - 1] + " bytes");
        }
    }

    private static byte[] sha256(String digest) throws InvalidLayerException {
        if (digest.isEmpty()) {
            throw new InvalidLayerException("a chunk has no digest");
        }
        if (!digest.startsWith(SHA256) || digest.length() != SHA256.length() + 2 * SpanTable.DIGEST) {
            throw new InvalidLayerException("a chunk has a digest other than SHA-256");
        }
        try {
            return HexFormat.of().parseHex(digest, SHA256.length(), digest.length());
        } catch (IllegalArgumentException e) {
            throw new InvalidLayerException("a chunk has a malformed digest", e);
        }
    }
}
