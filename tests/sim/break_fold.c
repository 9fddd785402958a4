/* Control: a fold that depends on the order in which letters came. */
#include "protocol/incident.h"

enum hl_status __real_hl_incident_fold(const struct hl_id *id,
	const struct hl_fold_letter *letters, size_t n, struct hl_incident *ret);
enum hl_status __wrap_hl_incident_fold(const struct hl_id *id,
	const struct hl_fold_letter *letters, size_t n, struct hl_incident *ret);

enum hl_status __wrap_hl_incident_fold(const struct hl_id *id,
	const struct hl_fold_letter *letters, size_t n, struct hl_incident *ret)
{
	/* The last one to come is forgotten. */
	return __real_hl_incident_fold(id, letters, n > 1 ? n - 1 : n, ret);
}
