package dev.sluice.snapshot;

import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.mount.LazyLayers.Usage;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Changes as bytes. Big-endian; a string is its length in bytes (u32) and UTF-8.
 *
 * <pre>
 *   change   := 1 snapshot | 2 key:string snapshot | 3 name:string | 4 last:i64 | 5 count:u32 snapshot*
 *   snapshot := id:i64 namespace:string name:string parent:optional kind:u8 count:u32 (key:string value:string)*
 *               created:time updated:time layers bytes:i64 inodes:i64
 *   layers   := optional | 2 layer:string count:u32 former:string*
 *   optional := 0 | 1 string
 *   time     := seconds:i64 nanos:i32
 *   kind     := 1 view | 2 active | 3 committed
 * </pre>
 */
final class ChangeCodec {
    private static final int PUT = 1;
    private static final int COMMITTED = 2;
    private static final int REMOVED = 3;
    private static final int IDS_USED = 4;
    private static final int SETTLED = 5;

    private static final int NO_LAYER = 0;
    private static final int LAYER_WITH_FORMER = 2;

    private ChangeCodec() {}

    static byte[] encode(Change change) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            if (change instanceof Change.Put put) {
                out.writeByte(PUT);
                write(out, put.snapshot());
            } else if (change instanceof Change.Committed committed) {
                out.writeByte(COMMITTED);
                write(out, committed.key());
                write(out, committed.snapshot());
            } else if (change instanceof Change.Removed removed) {
                out.writeByte(REMOVED);
                write(out, removed.name());
            } else if (change instanceof Change.IdsUsed ids) {
                out.writeByte(IDS_USED);
                out.writeLong(ids.last());
            } else if (change instanceof Change.Settled settled) {
                out.writeByte(SETTLED);
                out.writeInt(settled.snapshots().size());
                for (Snapshot snapshot : settled.snapshots()) {
                    write(out, snapshot);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("an array in memory cannot be written", e);
        }
        return bytes.toByteArray();
    }

    /** @throws IllegalArgumentException if these bytes are no change; the message says why */
    static Change decode(ByteBuffer in) {
        try {
            int tag = in.get();
            Change change = switch (tag) {
                case PUT -> new Change.Put(snapshot(in));
                case COMMITTED -> new Change.Committed(string(in), snapshot(in));
                case REMOVED -> new Change.Removed(string(in));
                case IDS_USED -> new Change.IdsUsed(in.getLong());
                case SETTLED -> settled(in);
                default -> throw new IllegalArgumentException("unknown kind of change: " + tag);
            };
            if (in.hasRemaining()) {
                throw new IllegalArgumentException(in.remaining() + " bytes follow a change");
            }
            return change;
        } catch (BufferUnderflowException | DateTimeException | ArithmeticException e) {
            throw new IllegalArgumentException("a change is malformed", e);
        }
    }

    private static Change settled(ByteBuffer in) {
        int count = in.getInt();
        List<Snapshot> snapshots = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            snapshots.add(snapshot(in));
        }
        return new Change.Settled(snapshots);
    }

    private static void write(DataOutputStream out, Snapshot snapshot) throws IOException {
        out.writeLong(snapshot.id());
        write(out, snapshot.namespace());
        write(out, snapshot.name());
        write(out, snapshot.parent());
        out.writeByte(
                switch (snapshot.kind()) {
                    case VIEW -> 1;
                    case ACTIVE -> 2;
                    case COMMITTED -> 3;
                });
        out.writeInt(snapshot.labels().size());
        for (Map.Entry<String, String> label : snapshot.labels().entrySet()) {
            write(out, label.getKey());
            write(out, label.getValue());
        }
        write(out, snapshot.created());
        write(out, snapshot.updated());
        writeLayers(out, snapshot);
        out.writeLong(snapshot.usage().bytes());
        out.writeLong(snapshot.usage().inodes());
    }

    private static Snapshot snapshot(ByteBuffer in) {
        long id = in.getLong();
        String namespace = string(in);
        String name = string(in);
        Optional<String> parent = optional(in);
        int kindTag = in.get();
        Kind kind = switch (kindTag) {
            case 1 -> Kind.VIEW;
            case 2 -> Kind.ACTIVE;
            case 3 -> Kind.COMMITTED;
            default -> throw new IllegalArgumentException("unknown kind of snapshot: " + kindTag);
        };
        int count = in.getInt();
        Map<String, String> labels = new HashMap<>();
        for (int i = 0; i < count; i++) {
            labels.put(string(in), string(in));
        }
        Instant created = time(in);
        Instant updated = time(in);
        int layers = in.get();
        Optional<LayerKey> layer = layers == NO_LAYER ? Optional.empty() : Optional.of(new LayerKey(string(in)));
        Set<LayerKey> former = layers == LAYER_WITH_FORMER ? keys(in) : Set.of();
        Usage usage = new Usage(in.getLong(), in.getLong());
        return new Snapshot(id, namespace, name, parent, kind, labels, created, updated, layer, former, usage);
    }

    private static void writeLayers(DataOutputStream out, Snapshot snapshot) throws IOException {
        if (snapshot.former().isEmpty()) {
            write(out, snapshot.layer().map(LayerKey::value));
            return;
        }
        out.writeByte(LAYER_WITH_FORMER);
        write(out, snapshot.layer().orElseThrow().value());
        out.writeInt(snapshot.former().size());
        for (LayerKey former : snapshot.former()) {
            write(out, former.value());
        }
    }

    private static Set<LayerKey> keys(ByteBuffer in) {
        int count = in.getInt();
        Set<LayerKey> keys = new HashSet<>();
        for (int i = 0; i < count; i++) {
            keys.add(new LayerKey(string(in)));
        }
        return keys;
    }

    private static void write(DataOutputStream out, String string) throws IOException {
        byte[] bytes = string.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String string(ByteBuffer in) {
        int length = in.getInt();
        if (length < 0 || length > in.remaining()) {
            throw new IllegalArgumentException("a string has an impossible length: " + length);
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void write(DataOutputStream out, Optional<String> string) throws IOException {
        out.writeByte(string.isPresent() ? 1 : 0);
        if (string.isPresent()) {
            write(out, string.get());
        }
    }

    private static Optional<String> optional(ByteBuffer in) {
        return in.get() == 0 ? Optional.empty() : Optional.of(string(in));
    }

    private static void write(DataOutputStream out, Instant time) throws IOException {
        out.writeLong(time.getEpochSecond());
        out.writeInt(time.getNano());
    }

    private static Instant time(ByteBuffer in) {
        return Instant.ofEpochSecond(in.getLong(), in.getInt());
    }
}
