<?php
/**
 * The questions that a comparison asks of the table.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

// phpcs:disable WordPress.DB -- see Document_Table.

/**
 * A comparison marks each row that it found in order with its own number; what bears another number at its end is gone from
 * the site.
 */
final class Comparison_Table {

	/**
	 * Writes down what the service has.
	 *
	 * @param array<int, int> $versions Post id => version there.
	 */
	public static function remember_remote( array $versions ) {
		global $wpdb;
		foreach ( array_chunk( $versions, 500, true ) as $some ) {
			$rows = array();
			foreach ( $some as $post_id => $version ) {
				$rows[] = $wpdb->prepare( '(%d,%d,%d)', $post_id, $version, $version );
			}
			$wpdb->query(
				'INSERT INTO ' . Document_Table::name() . ' (post_id, version, remote) VALUES ' . implode( ',', $rows ) . '
				ON DUPLICATE KEY UPDATE remote = VALUES(remote), version = GREATEST(version, VALUES(version))'
			);
		}
	}

	/**
	 * Forgets what the service was said to have, before it is asked again.
	 */
	public static function forget_remote() {
		global $wpdb;
		$wpdb->query( 'UPDATE ' . Document_Table::name() . ' SET remote = 0 WHERE remote <> 0' );
	}

	/**
	 * Of some posts those that the service has in the very state that they are in.
	 *
	 * @param array<int, string> $fingerprints Post id => fingerprint.
	 * @param int                $run          This comparison: they are marked with it.
	 * @return int[] Their ids. What waits is among them: it is on its way already.
	 */
	public static function in_order( array $fingerprints, $run ) {
		global $wpdb;
		if ( ! $fingerprints ) {
			return array();
		}
		$table = Document_Table::name();
		$ids   = implode( ',', array_map( 'intval', array_keys( $fingerprints ) ) );
		$good  = array();
		foreach ( $wpdb->get_results( "SELECT post_id, fingerprint, sent, remote, state FROM $table WHERE post_id IN ($ids)" ) as $row ) {
			$same = Document_Table::SETTLED === (int) $row->state && '0' !== $row->sent && $row->sent === $row->remote && $fingerprints[ $row->post_id ] === $row->fingerprint;
			if ( $same || Document_Table::WAITING === (int) $row->state ) {
				$good[] = (int) $row->post_id;
			}
		}
		if ( $good ) {
			$wpdb->query( $wpdb->prepare( "UPDATE $table SET run = %d WHERE post_id IN (" . implode( ',', $good ) . ')', $run ) );
		}
		return $good;
	}

	/**
	 * Puts on the queue what the service has and this comparison did not come across. Whether it is really gone is looked at once
	 * more when its turn comes.
	 *
	 * @param int $run This comparison.
	 * @return int How many.
	 */
	public static function enqueue_gone( $run ) {
		global $wpdb;
		return (int) $wpdb->query(
			$wpdb->prepare(
				'UPDATE ' . Document_Table::name() . " SET version = GREATEST(%d, version + 1), state = %d, urgent = 0, due = %d, run = %d, tries = 0, error = ''
				WHERE run <> %d AND state <> %d AND (sent > 0 OR remote > 0)",
				Document_Table::now(),
				Document_Table::WAITING,
				time(),
				$run,
				$run,
				Document_Table::WAITING
			)
		);
	}

	/**
	 * Takes back what was found to differ and is not sent yet. The next comparison finds it again.
	 */
	public static function withdraw() {
		global $wpdb;
		$table = Document_Table::name();
		$wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE state = %d AND urgent = 0 AND sent = 0 AND remote = 0 AND claim = ''", Document_Table::WAITING ) );
		$wpdb->query(
			$wpdb->prepare( "UPDATE $table SET state = %d, fingerprint = '', error = '' WHERE state = %d AND urgent = 0 AND claim = ''", Document_Table::SETTLED, Document_Table::WAITING )
		);
	}

	/**
	 * Forgets what was sent, so that the next comparison finds everything to differ.
	 */
	public static function forget_sent() {
		global $wpdb;
		$wpdb->query( 'UPDATE ' . Document_Table::name() . " SET fingerprint = ''" );
	}
}
