/* What a plan is, and what the files of this folder share.
 *
 * A plan is one type, compiled: a node, with the plans of its parts. Python
 * makes them from its description of a type (`xpcrpc.codec.plans`), once; they
 * do not change afterwards. Writing and reading walk the plan beside the
 * object or the bytes.
 *
 * Everything here runs with the GIL held. Functions that can fail return false
 * or NULL, either with an exception set or without one: "this is unusual".
 * Both end the whole pass, and `xc_unusual` tells them apart: what is unusual
 * or wrong is left to the general way, which knows what to say. So no function
 * here has words for what is wrong with an object or with bytes. */
#ifndef XC_PLAN_H
#define XC_PLAN_H

#include "../extension.h" /* Python's header comes first */

#include <stddef.h>
#include <stdint.h>

#include "names.h"
#include "words.h"

enum xc_kind {
  XC_KIND_EMPTY, /* a struct's plan before it is filled: all is unusual */
  XC_KIND_ANY,
  XC_KIND_BOOL,
  XC_KIND_INT,
  XC_KIND_FLOAT,
  XC_KIND_TEXT,
  XC_KIND_DATA,
  XC_KIND_UUID,
  XC_KIND_DATE,
  XC_KIND_DURATION,
  XC_KIND_LIST,
  XC_KIND_MAP,
  XC_KIND_OPTIONAL,
  XC_KIND_TEXT_ENUM,
  XC_KIND_INT_ENUM,
  XC_KIND_UNION,
  XC_KIND_STRUCT,
  XC_KINDS
};

/* What the module knows of Python's world; one for each interpreter. */
struct xc_state {
  PyTypeObject *plan_type, *template_type;
  PyObject *uint64, *date, *duration, *uuid; /* classes */
  Py_ssize_t ns_at; /* where a date and a duration keep theirs */
  Py_ssize_t uuid_int_at, uuid_safe_at; /* 0 if a uuid is made otherwise */
  PyObject *safe_unknown; /* what `is_safe` is of a uuid from bytes */
  PyObject *sixty_four;   /* the number */
  PyObject *nothing;      /* an empty tuple */
  newfunc new_object, new_int;
  unsigned max_depth; /* containers around the deepest one */
  uint8_t *spare;     /* memory for the next buffer, or NULL */
  size_t spare_size;
};

/* Numbers as bits, to be compared as the plan's sign says. */
struct xc_range {
  uint64_t low, high;
};

/* When a field's key is not among the bytes. */
enum xc_absent {
  XC_ABSENT_UNUSUAL, /* it is required, or its default cannot be known here */
  XC_ABSENT_NONE,
  XC_ABSENT_VALUE,
  XC_ABSENT_FACTORY,
  XC_ABSENT_LEFT, /* to the constructor */
  XC_ABSENTS
};

struct xc_plan;

struct xc_field {
  struct xc_plan *plan;
  PyObject *attribute; /* its name */
  PyObject *argument;  /* its name for the constructor */
  Py_ssize_t slot_at;  /* where objects keep it; 0: as Python finds it */
  PyObject *fallback;  /* a default or a factory, or NULL */
  enum xc_absent absent;
  bool optional;  /* None stands for absence */
  unsigned after; /* the field that came after this one last time */
};

struct xc_record {
  size_t count;
  struct xc_field *fields;
  struct xc_field rest; /* unknown entries; without an attribute if not kept */
  bool reject;          /* unknown entries */
  bool nulls;           /* write null for what is absent */
  bool plain;           /* the constructor only sets attributes */
  unsigned first;       /* the field that came first last time */
};

struct xc_case {
  PyObject *cls;
  struct xc_plan *plan;
};

struct xc_plan {
  PyObject_HEAD
  enum xc_kind kind;
  struct xc_state *state;
  struct xc_plan *item; /* of a list, a map, an optional */
  PyObject *cls;        /* of an enum, a struct */
  PyObject *members;    /* of an enum: a tuple in the order of the names, or a
                           dictionary by number */
  PyObject *rules;      /* a tuple of functions to ask on reading, or NULL */
  struct xc_names *names;
  struct xc_case *cases; /* as many as names */
  struct xc_record *record;
  bool open;                   /* an enum: unknown texts and numbers are kept */
  bool is_signed, single;      /* numbers */
  bool bounded;                /* doubles: `low` and `high` count */
  struct xc_range write, read; /* ints */
  double low, high;            /* doubles */
  Py_ssize_t least, most;      /* characters, bytes, items or entries, read */
  Py_ssize_t most_bytes;       /* of text, read */
};

/* What is not the same in every frame of a template. */
enum xc_hole {
  XC_HOLE_NONE, /* a constant */
  XC_HOLE_INT64,
  XC_HOLE_UINT64,
  XC_HOLE_LENGTH, /* of all that follows it */
  XC_HOLE_COUNT,  /* of the objects that end the frame */
  XC_HOLE_TEXT,   /* a string's length and bytes; only to read */
  XC_HOLE_NATURAL, /* an INT64 that is not negative; only to read */
  XC_HOLES
};

struct xc_buffer;

struct xc_reader {
  struct xc_state *state;
  const uint8_t *at;
  const uint8_t *end; /* of the innermost container */
};

/* Where a reader reads: a bytes object, or the memory of another one, which
 * nobody writes to meanwhile. */
struct xc_source {
  Py_buffer view; /* of no object for bytes */
  const uint8_t *bytes;
  size_t size;
};

/* A container that is being read. */
struct xc_inside {
  const uint8_t *outer_end;
  size_t count;
};

/* -- plan.c -----------------------------------------------------------------*/

extern PyType_Spec xc_plan_spec;

/* NULL if the exception that is set must be passed on; else a new reference to
 * None, and no exception is set any more: see above. */
PyObject *xc_unusual(void);

/* Whether none of a plan's rules has anything against the value, which stays
 * the caller's. */
bool xc_follows(const struct xc_plan *plan, PyObject *value);

/* Rounds a double to what the plan's size holds; false if it is too large. */
bool xc_fits(const struct xc_plan *plan, double *number);

/* A number of containers, from Python; false with an exception set if it is
 * none. Too many are as many as are refused. */
bool xc_depth_of(const struct xc_state *state, PyObject *number,
                 unsigned *depth);

/* -- facts.c, record.c ------------------------------------------------------*/

/* Reads what Python says of a type that is no struct into a fresh plan; false
 * with an exception set if it makes no sense. Keeps references. */
bool xc_plan_facts(struct xc_plan *plan, PyObject *args, PyObject *kwargs);

/* The names that the tuples of a tuple begin with, owned by the caller, or NULL
 * with an exception set. */
struct xc_names *xc_names_of(PyObject *tuples);

/* `Plan.fill`: makes an empty plan that of a struct. Keeps references. */
PyObject *xc_plan_fill(PyObject *self, PyObject *args, PyObject *kwargs);

/* What GC asks of a struct's part of a plan. Freeing it gives up references. */
int xc_record_traverse(struct xc_record *record, visitproc visit, void *arg);
void xc_record_free(struct xc_record *record);

/* -- write*.c: objects stay the caller's ------------------------------------*/

/* Writes an object into a buffer; `depth` containers are around it. */
bool xc_write(struct xc_buffer *buffer, struct xc_plan *plan, PyObject *object,
              unsigned depth);

/* Writes any value without handles. */
bool xc_write_any(struct xc_buffer *buffer, PyObject *value, unsigned depth);
bool xc_write_text(struct xc_buffer *buffer, PyObject *text);
bool xc_write_data(struct xc_buffer *buffer, PyObject *data);
bool xc_write_int64(struct xc_buffer *buffer, enum xc_word word,
                    PyObject *number);
bool xc_write_nanoseconds(struct xc_buffer *buffer, enum xc_word word,
                          PyObject *object);
bool xc_write_uuid(struct xc_buffer *buffer, PyObject *uuid);
bool xc_write_bool(struct xc_buffer *buffer, bool value);
bool xc_write_key(struct xc_buffer *buffer, PyObject *key);
bool xc_write_record(struct xc_buffer *buffer, struct xc_plan *plan,
                     PyObject *object, unsigned depth);

/* -- read*.c: every result is a new reference, or NULL ----------------------*/

/* Reads an object of the plan's type; `depth` containers are around it. */
PyObject *xc_read(struct xc_reader *reader, struct xc_plan *plan,
                  unsigned depth);

/* Reads any value without handles. */
PyObject *xc_read_any(struct xc_reader *reader, unsigned depth);
PyObject *xc_read_bool(struct xc_reader *reader);
PyObject *xc_read_uuid(struct xc_reader *reader);
PyObject *xc_read_record(struct xc_reader *reader, struct xc_plan *plan,
                         unsigned depth);
PyObject *xc_make_nanoseconds(struct xc_state *state, PyObject *cls,
                              uint64_t bits);

/* Enters a container whose items take at least `least` bytes each. */
bool xc_enter(struct xc_reader *reader, enum xc_word word, size_t least,
              unsigned depth, struct xc_inside *inside);

/* Leaves it, if this is where it ends. */
bool xc_leave(struct xc_reader *reader, const struct xc_inside *inside);

/* Steps over a key: its bytes, which have a NUL behind them, or NULL. */
const uint8_t *xc_take_key(struct xc_reader *reader, size_t *size);

/* Steps over a length, so many bytes and their padding: the bytes, or NULL. */
const uint8_t *xc_take_sized(struct xc_reader *reader, size_t *size);

/* The same for a string's: they are followed by its NUL, which is not counted,
 * and have none. Whether they are UTF-8 is not looked at. */
const uint8_t *xc_take_string(struct xc_reader *reader, size_t *size);

/* Steps over a word and the number behind it. */
static inline bool xc_take_number(struct xc_reader *reader, enum xc_word word,
                                  uint64_t *bits) {
  if (reader->end - reader->at < 12 || xc_load32(reader->at) != (uint32_t)word)
    return false;
  *bits = xc_load64(reader->at + 4);
  reader->at += 12;
  return true;
}

/* The next object's word, which is not stepped over; 0 if there is none. */
static inline uint32_t xc_next_word(const struct xc_reader *reader) {
  return reader->end - reader->at < 4 ? 0 : xc_load32(reader->at);
}

/* -- source.c ---------------------------------------------------------------*/

/* Takes hold of an object's bytes, which stay its own; false with an exception
 * set if it has none. Close what was opened. */
bool xc_source_open(struct xc_source *source, PyObject *data);
void xc_source_close(struct xc_source *source);

/* A reader between two offsets; false if there is nothing between them. */
bool xc_source_read(const struct xc_source *source, struct xc_state *state,
                    PyObject *offset, PyObject *end, struct xc_reader *reader);

/* -- template.c -------------------------------------------------------------*/

extern PyType_Spec xc_template_spec;

/* The frame that a template, its numbers and an object make, or None if the
 * plan gives up; a new reference. NULL with an exception set for wrong numbers,
 * and for what must be passed on. */
PyObject *xc_template_frame(PyObject *template, struct xc_plan *plan,
                            PyObject *object, unsigned depth,
                            PyObject *const *numbers, Py_ssize_t count);

/* Steps over all that a template says, which may be no numbers; false if there
 * is anything else. */
bool xc_template_matches(PyObject *template, struct xc_reader *reader);

/* -- envelope.c -------------------------------------------------------------*/

extern PyType_Spec xc_envelope_spec;

#endif
