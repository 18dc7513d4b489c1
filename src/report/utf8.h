/* utf8.h -- One character of UTF-8 at a time, checked. */
#ifndef OL_REPORT_UTF8_H
#define OL_REPORT_UTF8_H

#include <stddef.h>
#include <stdint.h>

enum { OL_UTF8_BYTES_MAX = 4 };

/* Decodes the character that text begins with (text is terminated and not empty). Returns its
 * bytes, or 0 if it is none: a stray or missing continuation, an overlong form, a surrogate. */
size_t ol_utf8_decode(const char *text, uint32_t *ret_point);

/* Copies text with U+FFFD in place of every byte that is no UTF-8; capacity 3 * strlen + 1 is
 * always enough, less cuts between characters. */
void ol_utf8_repair(const char *text, char *buffer, size_t capacity);

#endif
