package dev.sluice.mount;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.sluice.ondemand.LayerFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * One layer on disk.
 *
 * <pre>
 * layer.json             see {@link LayerRecord}
 * spans                  see {@link dev.sluice.layer.SpanTable}
 * data, present          see {@link dev.sluice.fill.SparseFileDevice}; only with backends that keep the device so
 * marked                 see {@link LayerFiles#marked}
 * meta.erofs             metadata image; unnamed directories have mode 0755 and belong to root
 * meta-VARIANT.erofs     the same with attributes taken from the layers below
 * </pre>
 */
record LayerDirectory(Path path) {
    Path record() {
        return path.resolve("layer.json");
    }

    Path spans() {
        return path.resolve("spans");
    }

    /** What backends know of it. */
    LayerFiles files() {
        return new LayerFiles(path);
    }

    Path metadata(Optional<String> variant) {
        return path.resolve("meta" + variant.map(v -> "-" + v).orElse("") + ".erofs");
    }

    /** @throws IOException if there is no such record, or not of this version */
    LayerRecord readRecord() throws IOException {
        try {
            return LayerRecord.fromJson(Files.readAllBytes(record()));
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new IOException("layer.json is damaged", e);
        }
    }

    /** Replaces the record; after a crash there is the old one or the new one. */
    void writeRecord(LayerRecord record) throws IOException {
        Path temporary = path.resolve("layer.json.tmp");
        try (FileChannel channel = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer json = ByteBuffer.wrap(record.toJson());
            while (json.hasRemaining()) {
                channel.write(json);
            }
            channel.force(true);
        }
        Files.move(temporary, record(), StandardCopyOption.ATOMIC_MOVE);
        sync(path);
    }

    /** Makes the names in a directory survive a crash of the machine. */
    static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
