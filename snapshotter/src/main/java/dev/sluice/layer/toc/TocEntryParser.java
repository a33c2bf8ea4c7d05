package dev.sluice.layer.toc;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.sluice.layer.Attributes;
import dev.sluice.layer.InvalidLayerException;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads one entry after the other from a parser that stands at the first token of an entry. */
final class TocEntryParser {
    private static final Map<String, Field> FIELDS =
            Arrays.stream(Field.values()).collect(Collectors.toMap(field -> field.json, field -> field));
    private static final Map<String, Field> FOLDED =
            Arrays.stream(Field.values()).collect(Collectors.toMap(field -> fold(field.json), field -> field));
    private static final int SHARED = 1 << 12;
    private static final int MAX_XATTRS = 128;
    private static final long MAX_ID = 0xFFFF_FFFFL;

    private enum Kind {
        TEXT,
        NUMBER,
        XATTRS
    }

    private enum Field {
        NAME("name", Kind.TEXT),
        TYPE("type", Kind.TEXT),
        LINK_NAME("linkName", Kind.TEXT),
        MODTIME("modtime", Kind.TEXT),
        DIGEST("digest", Kind.TEXT),
        CHUNK_DIGEST("chunkDigest", Kind.TEXT),
        CHUNK_TYPE("chunkType", Kind.TEXT),
        SIZE("size", Kind.NUMBER),
        MODE("mode", Kind.NUMBER),
        UID("uid", Kind.NUMBER),
        GID("gid", Kind.NUMBER),
        DEV_MAJOR("devMajor", Kind.NUMBER),
        DEV_MINOR("devMinor", Kind.NUMBER),
        OFFSET("offset", Kind.NUMBER),
        END_OFFSET("endOffset", Kind.NUMBER),
        INNER_OFFSET("innerOffset", Kind.NUMBER),
        CHUNK_OFFSET("chunkOffset", Kind.NUMBER),
        CHUNK_SIZE("chunkSize", Kind.NUMBER),
        XATTRS("xattrs", Kind.XATTRS);

        private final String json;
        private final Kind kind;

        Field(String json, Kind kind) {
            this.json = json;
            this.kind = kind;
        }
    }

    private final JsonParser parser;
    private final Map<Field, String> texts = new EnumMap<>(Field.class);
    private final Map<Field, Long> numbers = new EnumMap<>(Field.class);
    private Map<String, byte[]> xattrs = Map.of();
    /** The last attributes of each hash: most entries of a layer have those of another. */
    private final @Nullable Attributes[] shared = new @Nullable Attributes[SHARED];
    /** The last extended attributes, likewise. */
    private Map<String, byte[]> lastXattrs = Map.of();

    TocEntryParser(JsonParser parser) {
        this.parser = parser;
    }

    /** @throws InvalidLayerException if the entry is no object, ambiguous, or has a value out of range */
    TocEntry parse() throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw new InvalidLayerException("entry of the table of contents is no JSON object");
        }
        texts.clear();
        numbers.clear();
        xattrs = Map.of();
        Set<Field> seen = EnumSet.noneOf(Field.class);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            @Nullable Field field = FIELDS.get(name);
            if (field == null) {
                skipUnknown(name);
                continue;
            }
            if (!seen.add(field)) {
                throw new InvalidLayerException("entry of the table of contents has the field " + name + " twice");
            }
            if (parser.currentToken() != JsonToken.VALUE_NULL) {
                read(field);
            }
        }
        return new TocEntry(
                text(Field.NAME),
                text(Field.TYPE),
                attributes(),
                text(Field.LINK_NAME),
                number(Field.DEV_MAJOR),
                number(Field.DEV_MINOR),
                number(Field.SIZE),
                number(Field.OFFSET),
                number(Field.END_OFFSET),
                number(Field.INNER_OFFSET),
                number(Field.CHUNK_OFFSET),
                number(Field.CHUNK_SIZE),
                text(Field.DIGEST),
                text(Field.CHUNK_DIGEST),
                text(Field.CHUNK_TYPE));
    }

    private void read(Field field) throws IOException {
        switch (field.kind) {
            case TEXT -> texts.put(field, readText(field.json));
            case NUMBER -> numbers.put(field, readNumber(parser, field.json));
            case XATTRS -> xattrs = readXattrs();
        }
    }

    private String text(Field field) {
        return texts.getOrDefault(field, "");
    }

    private long number(Field field) {
        return numbers.getOrDefault(field, 0L);
    }

    /** Other readers match names without regard to case, so such a field would mean one thing to them and another to us. */
    private void skipUnknown(String name) throws IOException {
        @Nullable Field similar = FOLDED.get(fold(name));
        if (similar != null) {
            throw new InvalidLayerException(
                    "entry of the table of contents has a field that differs from " + similar.json + " in case only");
        }
        parser.skipChildren();
    }

    static String fold(String name) {
        return name.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
    }

    static long readNumber(JsonParser parser, String field) throws IOException {
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
            throw new InvalidLayerException(field + " of the table of contents is no integer");
        }
        return parser.getLongValue();
    }

    private String readText(String field) throws IOException {
        if (parser.currentToken() != JsonToken.VALUE_STRING) {
            throw new InvalidLayerException(field + " of an entry is no string");
        }
        return checked(parser.getText());
    }

    /** Bytes that are not UTF-8 do not survive JSON: builders replace them, and then the name is not the one in the tar. */
    private static String checked(String text) throws InvalidLayerException {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c) || c == 0xFFFD) {
                throw new InvalidLayerException("table of contents has a name that is not UTF-8 in the layer's tar");
            }
        }
        return text;
    }

    private Map<String, byte[]> readXattrs() throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw new InvalidLayerException("xattrs of an entry are no JSON object");
        }
        Map<String, byte[]> read = new HashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = checked(parser.currentName());
            JsonToken value = parser.nextToken();
            if (value != JsonToken.VALUE_STRING && value != JsonToken.VALUE_NULL) {
                throw new InvalidLayerException("an extended attribute is no string");
            }
            byte[] bytes = value == JsonToken.VALUE_NULL ? new byte[0] : parser.getBinaryValue();
            if (read.put(name, bytes) != null) {
                throw new InvalidLayerException("an entry has an extended attribute twice");
            }
            if (read.size() > MAX_XATTRS) {
                throw new InvalidLayerException("an entry has more than " + MAX_XATTRS + " extended attributes");
            }
        }
        if (!isEqual(read, lastXattrs)) {
            lastXattrs = Map.copyOf(read);
        }
        return lastXattrs;
    }

    private static boolean isEqual(Map<String, byte[]> one, Map<String, byte[]> other) {
        return one.keySet().equals(other.keySet())
                && one.entrySet().stream().allMatch(e -> Arrays.equals(e.getValue(), other.get(e.getKey())));
    }

    private Attributes attributes() throws InvalidLayerException {
        long uid = number(Field.UID);
        long gid = number(Field.GID);
        if (uid < 0 || uid > MAX_ID || gid < 0 || gid > MAX_ID || number(Field.MODE) < 0) {
            throw new InvalidLayerException("mode, uid or gid of an entry is out of range");
        }
        int mode = (int) number(Field.MODE) & 07777;
        Instant mtime = mtime(text(Field.MODTIME));
        Attributes own = new Attributes(mode, (int) uid, (int) gid, mtime.getEpochSecond(), mtime.getNano(), xattrs);
        int slot = Math.floorMod((own.hashCode() * 0x9E3779B9) >> 8, SHARED);
        @Nullable Attributes same = shared[slot];
        if (same != null && same.equals(own)) {
            return same;
        }
        shared[slot] = own;
        return own;
    }

    private static Instant mtime(String text) throws InvalidLayerException {
        if (text.isEmpty()) {
            return Instant.EPOCH;
        }
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            throw new InvalidLayerException("modtime of an entry is malformed", e);
        }
    }
}
